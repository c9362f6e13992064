import { describe, expect, it } from "vitest";
import { noticePage } from "../../src/auth/notice-page.ts";
import { pageResponse } from "../../src/auth/page.ts";
import { landingPage } from "../../src/http/landing-page.ts";
import { consent, LOCAL } from "./consent-markup.ts";
import { EVERY_MODE, SECRETS } from "./every-mode.ts";
import { elementsOf, htmlOf } from "./markup.ts";

const everyPage = async () => {
  const modes = Object.values(EVERY_MODE);
  return [
    ...(await Promise.all(modes.map((mode) => consent(mode)))),
    ...(await Promise.all(modes.map((mode) => consent(mode, LOCAL, "Try again.")))),
    ...(await Promise.all(
      modes.map((configuration) => htmlOf(landingPage({ origin: "https://veo.test", configuration }))),
    )),
    await htmlOf(noticePage({ title: "Expired", message: "This page has expired." })),
  ];
};

describe("the response of a page", () => {
  const page = noticePage({ title: "Expired", message: "This page has expired." });

  it("has exactly these headers: no form-action, no COOP, a referrer for ourselves", async () => {
    const response = await pageResponse(page);
    expect(response.status).toBe(200);
    const { "content-security-policy": policy, ...headers } = Object.fromEntries(response.headers);
    expect(headers).toEqual({
      "cache-control": "no-store",
      "content-type": "text/html; charset=utf-8",
      "referrer-policy": "same-origin",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "x-robots-tag": "noindex",
    });
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; frame-ancestors 'none'$/,
    );
  });

  it("allows its one stylesheet by its hash", async () => {
    const response = await pageResponse(page);
    const [, style = ""] = /<style>([\s\S]*?)<\/style>/.exec(await response.text()) ?? [];
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
    const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
    expect(response.headers.get("content-security-policy")).toContain(`'sha256-${hash}'`);
  });

  it("keeps the cookies and headers it is given, and its own policy", async () => {
    const headers = new Headers({ "content-security-policy": "frame-ancestors 'none'", "retry-after": "60" });
    headers.append("set-cookie", "__Host-a=1; Secure; Path=/; Expires=Wed, 21 Oct 2037 07:28:00 GMT");
    headers.append("set-cookie", "__Host-b=2; Secure; Path=/");
    const response = await pageResponse(page, { status: 429, headers });
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("60");
    expect(response.headers.getSetCookie()).toEqual(headers.getSetCookie());
    expect(response.headers.getSetCookie()).toHaveLength(2);
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none';/);
    expect(headers.get("content-security-policy")).toBe("frame-ancestors 'none'");
  });
});

describe("every page", () => {
  it("has no script, no inline style, no external asset and no link", async () => {
    for (const html of await everyPage())
      for (const { tag, attributes } of await elementsOf(html)) {
        expect(["script", "link", "img", "iframe", "a", "base", "object"]).not.toContain(tag);
        for (const name of attributes.keys()) expect(name).not.toMatch(/^(on|style$|src|href)/);
      }
  });

  it("is a document with a language, a title, a viewport, one main and one first heading", async () => {
    for (const html of await everyPage()) {
      expect(html).toMatch(/^<!doctype html>/);
      const elements = await elementsOf(html);
      const count = (tag: string) => elements.filter((element) => element.tag === tag).length;
      expect([count("title"), count("main"), count("h1"), count("header")]).toEqual([1, 1, 1, 1]);
      expect(elements.find(({ tag }) => tag === "html")?.attributes.get("lang")).toBe("en");
      expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    }
  });

  it("labels every field that a person can reach, and every id it refers to is there once", async () => {
    for (const html of await everyPage()) {
      const elements = await elementsOf(html);
      const ids = elements.flatMap(({ attributes }) => attributes.get("id") ?? []);
      expect(new Set(ids).size).toBe(ids.length);
      const labelled = elements.flatMap(({ attributes }) => attributes.get("for") ?? []);
      for (const { attributes } of elements) {
        for (const id of attributes.get("aria-describedby")?.split(" ") ?? []) expect(ids).toContain(id);
      }
      for (const { attributes } of elements.filter(({ tag }) => tag === "input")) {
        if (attributes.get("type") === "hidden") continue;
        if (attributes.get("aria-hidden") === "true") expect(attributes.get("tabindex")).toBe("-1");
        else expect(labelled).toContain(attributes.get("id"));
      }
    }
  });

  it("holds nothing secret of the configuration", async () => {
    for (const html of await everyPage())
      for (const secret of Object.values(SECRETS)) expect(html).not.toContain(secret);
  });
});

describe("a notice", () => {
  it("says what happened and what to do, escaped", async () => {
    const usual = await htmlOf(noticePage({ title: "Not <b>you</b>", message: "ada@example.com & co" }));
    expect(usual).toContain("<h1>Not &lt;b&gt;you&lt;/b&gt;</h1>");
    expect(usual).toContain("ada@example.com &amp; co");
    expect(usual).toContain("Close this window and start again from your app.");
    const own = await htmlOf(
      noticePage({ title: "Locked", message: "Too many.", nextStep: "Wait 15 minutes." }),
    );
    expect(own).toContain("Wait 15 minutes.");
    expect(own).not.toContain("Close this window");
  });
});
