import { type Page, pageResponse } from "../../src/auth/page.ts";

/** A page as it is sent. */
export const htmlOf = async (page: Page) => (await pageResponse(page)).text();

/** One space wherever a browser shows one. */
export const flat = (html: string) => html.replace(/\s+/g, " ");

/** An element of a page, as a parser sees it. */
export interface MarkupElement {
  tag: string;
  attributes: Map<string, string>;
}

/** Every element of a page. */
export async function elementsOf(page: string): Promise<MarkupElement[]> {
  const elements: MarkupElement[] = [];
  const onElement = ({ tagName, attributes }: Element) => {
    const pairs = [...attributes].map(([name = "", value = ""]): [string, string] => [name, value]);
    elements.push({ tag: tagName, attributes: new Map(pairs) });
  };
  await new HTMLRewriter().on("*", { element: onElement }).transform(new Response(page)).text();
  return elements;
}
