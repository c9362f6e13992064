import type { Locator, Page } from "playwright-core";
import { z } from "zod";

/** How a page looks to somebody, as numbers. What runs in the page is text: its types are the browser's, not ours. */

const textsSchema = z.array(z.object({ text: z.string(), colour: z.string(), ground: z.string() }));
const edgesSchema = z.object({ outside: z.string(), border: z.string(), ring: z.string() });

/** The first colour behind an element that is not transparent. */
const GROUND_OF = `const groundOf = (element) => {
  for (let at = element; at !== null; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (colour !== "rgba(0, 0, 0, 0)") return colour;
  }
  return "rgb(255, 255, 255)";
};`;

/** Every visible text of a page with its contrast (WCAG 2.2, success criterion 1.4.3). */
export async function textContrasts(page: Page): Promise<{ text: string; contrast: number }[]> {
  const texts: unknown = await page.evaluate(`(() => {
    ${GROUND_OF}
    const isText = (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== "";
    return [...document.body.querySelectorAll("*")]
      .filter((element) => element.checkVisibility() && ([...element.childNodes].some(isText) || element.matches("input[id]")))
      .map((element) => ({
        text: (element.textContent || element.id).trim(),
        colour: getComputedStyle(element).color,
        ground: groundOf(element),
      }));
  })()`);
  return textsSchema
    .parse(texts)
    .map(({ text, colour, ground }) => ({ text, contrast: contrast(colour, ground) }));
}

/** The contrast of a control's border, and of the ring around it when it has the focus (1.4.11, 2.4.13). */
export async function edgeContrasts(control: Locator): Promise<{ border: number; ring: number }> {
  await control.focus();
  const edges: unknown = await control.page().evaluate(`(() => {
    ${GROUND_OF}
    const { parentElement } = document.activeElement;
    const style = getComputedStyle(document.activeElement);
    const hasRing = style.outlineStyle === "solid" && parseFloat(style.outlineWidth) >= 2;
    const outside = groundOf(parentElement);
    return { outside, border: style.borderTopColor, ring: hasRing ? style.outlineColor : outside };
  })()`);
  const { outside, border, ring } = edgesSchema.parse(edges);
  return { border: contrast(border, outside), ring: contrast(ring, outside) };
}

/** By how many pixels a page is wider than its window; 0 where nothing scrolls sideways (1.4.10). */
export async function overflow(page: Page): Promise<number> {
  const root = "document.documentElement";
  return z.number().parse(await page.evaluate(`${root}.scrollWidth - ${root}.clientWidth`));
}

function contrast(one: string, other: string): number {
  const [lighter = 0, darker = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

/** WCAG 2.2, "relative luminance", of an opaque colour as browsers compute it. */
function luminance(colour: string): number {
  const parts = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(colour)?.slice(1).map(Number);
  if (parts === undefined) throw new Error(`not an opaque colour: ${colour}`);
  const [red = 0, green = 0, blue = 0] = parts.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
