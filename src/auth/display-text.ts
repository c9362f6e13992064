/**
 * Text of a stranger, without what could disguise it: control, format and bidi characters, invisible letters, line
 * separators, and heaps of combining marks that would paint over the lines beside them. It is clipped by code
 * points, so that no character is cut in half. Escaping is the template's.
 */
export function displayText(text: string, maxChars: number): string {
  const shown = text
    .slice(0, 16 * maxChars)
    .replace(/[\s\p{Z}\u2800]+/gu, " ")
    .replace(/[\p{C}\p{Default_Ignorable_Code_Point}]+/gu, "")
    .replace(/(\p{M}{3})\p{M}+/gu, "$1")
    .replace(/ +/g, " ")
    .trim();
  const characters = [...shown];
  return characters.length > maxChars ? `${characters.slice(0, maxChars - 1).join("")}…` : shown;
}
