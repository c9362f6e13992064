import { beginningWith, type Prompt } from "./define-prompt.ts";

const STYLES: Readonly<Record<string, string>> = {
  cinematic: "anamorphic wide shot, shallow depth of field, motivated light, slow dolly, film grain",
  documentary: "handheld, natural light, real locations, ambient sound, unhurried cuts avoided: one take",
  noir: "black and white, hard side light, rain, venetian-blind shadows, saxophone far away",
  anime: "hand-drawn cel look, bold outlines, painted backgrounds, speed lines on fast movement",
  "stop-motion": "clay or felt figures, visible fingerprints, twelve frames a second, tiny sets",
  watercolour: "bleeding edges, paper texture, pale palette, the picture paints itself",
  "product-shot": "seamless background, macro lens, slow turntable, soft box reflections, no people",
  "drone-flight": "high wide establishing shot, smooth forward flight, golden hour",
  vintage: "Super 8, light leaks, faded colours, slight flicker, projector hum",
  "science-fiction": "practical lights in haze, brushed metal, holographic interfaces, deep bass",
};

export const styleSuggestions: Prompt = {
  name: "veo_style_suggestions",
  title: "Styles",
  description: "Looks for a video, in words that the model understands.",
  arguments: [
    { name: "idea", description: "What the video should show." },
    {
      name: "style",
      description: `One of ${Object.keys(STYLES).join(", ")}.`,
      complete: (typed) => beginningWith(Object.keys(STYLES), typed),
    },
  ],
  render: ({ idea, style = "" }) => {
    const words = Object.hasOwn(STYLES, style) ? STYLES[style] : undefined;
    const table = Object.entries(STYLES).map(([name, look]) => `- **${name}**: ${look}`);
    const task =
      idea === undefined
        ? "Suggest three of these looks for my next video, and say what each would do for it."
        : `Suggest ${words === undefined ? "three of these looks" : `how to use the look "${style}"`} for this idea, each as a complete prompt: ${idea}`;
    return [task, words === undefined ? table.join("\n") : `**${style}**: ${words}`].join("\n\n");
  },
};
