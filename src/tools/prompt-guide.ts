import { markdownTable } from "./markdown-table.ts";

/** How to write a prompt for Veo: shared by the tool, the resource and the prompts. */
export const PROMPT_GUIDE = {
  parts: [
    {
      part: "Subject",
      say: "who or what, with two or three details",
      example: "a grey-haired lighthouse keeper in a yellow raincoat",
    },
    {
      part: "Action",
      say: "one thing that happens, in the present tense",
      example: "climbs the last steps and lights the lamp",
    },
    {
      part: "Setting",
      say: "where and when, with weather and background",
      example: "on a rocky coast at dusk, waves breaking below",
    },
    {
      part: "Camera",
      say: "shot size, angle, movement",
      example: "slow dolly-in from a low angle, ending in a close-up",
    },
    {
      part: "Light and style",
      say: "mood, palette, look",
      example: "warm lamp against cold blue dusk, 35 mm film, shallow depth of field",
    },
    {
      part: "Sound",
      say: "speech in quotes, effects, ambience, music",
      example: 'wind and gulls; he murmurs: "There you are."',
    },
  ],
  advice: [
    "One scene and one action per video: about eight seconds pass quickly.",
    "Name what should be there; what should not be there tends to appear when it is mentioned.",
    "Speech: who says it, in quotes, short enough for eight seconds.",
    "With pictures, do not describe what they already show: say what moves and how the camera follows.",
    "Try with a fast model first; make the keeper with a quality model.",
  ],
  example:
    'A grey-haired lighthouse keeper in a yellow raincoat climbs the last steps and lights the lamp, on a rocky coast at dusk, waves breaking below. Slow dolly-in from a low angle, ending in a close-up of his face. Warm lamp against cold blue dusk, 35 mm film, shallow depth of field. Sound: wind, gulls, the hiss of the lamp; he murmurs: "There you are."',
};

/** The guide as Markdown. */
export function promptGuideMarkdown(): string {
  const { parts, advice, example } = PROMPT_GUIDE;
  return [
    "# Writing a prompt for Veo",
    markdownTable(
      ["Part", "Say", "For example"],
      parts.map(({ part, say, example: text }) => [part, say, text]),
    ),
    advice.map((line) => `- ${line}`).join("\n"),
    `## All together\n\n> ${example}`,
  ].join("\n\n");
}
