import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { ORIGIN, type World } from "../world.ts";
import { createBrowser } from "./browser.ts";
import { clientWithId } from "./oauth-client.ts";
import { createSignInWorld } from "./sign-in-world.ts";

const registrationSchema = z.looseObject({ client_id: z.string() });

/** What a page is made of, as a parser sees it: no text of a stranger may become an element or an attribute. */
async function partsOf(page: string) {
  const elements: string[] = [];
  const attributes: string[] = [];
  await new HTMLRewriter()
    .on("*", {
      element(element) {
        elements.push(element.tagName);
        for (const [name = ""] of element.attributes) attributes.push(`${element.tagName} ${name}`);
      },
    })
    .transform(new Response(page))
    .text();
  return { elements, attributes };
}

describe("an app that registers itself with hostile words", () => {
  let world: World;
  beforeEach(() => {
    world = createSignInWorld();
  });
  afterEach(() => world.end());

  const pageFor = async (metadata: Record<string, unknown>, redirectUri: string) => {
    const registered = await world.fetch("/oauth/register", {
      method: "POST",
      body: JSON.stringify({
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: "none",
        ...metadata,
      }),
    });
    const { client_id } = registrationSchema.parse(await registered.json());
    const { url } = await clientWithId(world, client_id, redirectUri).authorizeUrl();
    const response = await createBrowser(world).open(url);
    expect(response.status).toBe(200);
    return { page: await response.text(), response };
  };
  const nameOn = (page: string) => /<bdi>(.*?)<\/bdi>/s.exec(page)?.[1];

  const LONG = "x".repeat(5_000);
  it.each([
    [
      "markup",
      "<script>alert(1)</script><img src=x onerror=alert(1)>",
      "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;",
    ],
    [
      "the end of an attribute",
      `"><form action="https://evil.test">'`,
      "&quot;&gt;&lt;form action=&quot;https://evil.test&quot;&gt;&#39;",
    ],
    ["an entity", "&lt;b&gt;", "&amp;lt;b&amp;gt;"],
    ["letters that turn the line around", "Claude\u202e\u2066 evil\u2069\u200f", "Claude evil"],
    [
      "control characters and lines",
      "Claude\r\n\u0000\u001b[2J\u0085\u2028Published by claude.ai",
      "Claude [2J Published by claude.ai",
    ],
    ["invisible letters", "Cl\u200ba\u2060ud\u00ade\u3164", "Claude"],
    ["5,000 letters", LONG, `${"x".repeat(79)}…`],
    ["a heap of marks", `Z${"\u0336".repeat(500)}`, `Z${"\u0336".repeat(3)}`],
    ["nothing to be seen", "\u200b\u202e\u2800\u3164", "Unnamed app"],
  ])("is shown under a name that is only text: %s", async (_what, client_name, shown) => {
    const plain = await partsOf((await pageFor({ client_name: "App" }, "https://app.test/callback")).page);
    const { page } = await pageFor(
      {
        client_name,
        client_uri: "https://evil.test/about",
        logo_uri: "https://evil.test/logo.png",
        tos_uri: "https://evil.test/tos",
      },
      "https://app.test/callback",
    );
    expect(nameOn(page)).toBe(shown);
    expect(await partsOf(page)).toEqual(plain);
    expect(page).toContain("not verified");
    expect(page).toContain("<strong>app.test</strong>");
    if (!shown.includes("evil.test")) expect(page).not.toContain("evil.test");
  });

  it.each([
    ["markup", 'https://app.test/"><script>alert(1)</script>'],
    ["another host as its path", `https://app.test/${ORIGIN}/`],
    ["a very long path", `https://app.test/${"x".repeat(5000)}`],
    ["an encoded name", "https://app.test%2eevil.test/"],
  ])("is shown with the host that its answer goes to, in text: %s", async (_what, redirectUri) => {
    const plain = await partsOf((await pageFor({ client_name: "App" }, "https://app.test/callback")).page);
    const { page, response } = await pageFor({ client_name: "App" }, redirectUri);
    expect(await partsOf(page)).toEqual(plain);
    expect(page).toContain(`<strong>${new URL(redirectUri).hostname}</strong>`);
    expect(page).not.toContain("<script>");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  });

  it("is shown without a name under its own id, which we made", async () => {
    const { page } = await pageFor({}, "http://127.0.0.1:1/callback");
    expect(nameOn(page)).toMatch(/^[\w-]{16}$/);
    expect(page).toContain("The app runs on your computer");
  });
});
