/** More than any sign-in has: to the identity provider, back to us, and on to the app. */
const MAX_REDIRECTS = 5;

/** How somebody answers the page that asks whether an app may use the server. */
export interface Consent {
  readonly decision: "approve" | "deny";
  /** What is typed there, where the page asks for a key. */
  readonly secret?: string | undefined;
}

/** The part of a browser that a sign-in needs, over HTTP: pages, forms, cookies and redirects. No script, as ours need none. */
export class Browser {
  readonly #jars = new Map<string, Map<string, string>>();

  /**
   * Opens an authorization request, answers the page that asks, and follows wherever that leads: to an identity
   * provider whose user is signed in, and back.
   * @returns the address at the app that it ends at, which is not opened.
   */
  async answer(authorizationUrl: URL, { decision, secret }: Consent): Promise<URL> {
    const redirectUri = new URL(authorizationUrl.searchParams.get("redirect_uri") ?? "");
    const asked = await this.#open(authorizationUrl);
    const { action, fields } = await readForm(asked, authorizationUrl);
    if (fields.has("secret") !== (secret !== undefined))
      throw new Error(`The page asks for ${[...fields.keys()].join(", ")}`);
    if (secret !== undefined) fields.set("secret", secret);
    fields.set("decision", decision);
    // What Chromium sends with a form of the same origin.
    const headers = { origin: action.origin, "sec-fetch-site": "same-origin" };
    let from = action;
    let response = await this.#open(action, { method: "POST", headers, body: fields });
    for (let redirects = 0; redirects < MAX_REDIRECTS; redirects += 1) {
      const location = response.headers.get("location");
      if (location === null) throw new Error(`The sign-in ended at ${from}: ${await textOf(response)}`);
      from = new URL(location, from);
      if (from.origin === redirectUri.origin && from.pathname === redirectUri.pathname) return from;
      response = await this.#open(from);
    }
    throw new Error(`The sign-in goes round in circles at ${from}`);
  }

  async #open(address: URL, init: RequestInit = {}): Promise<Response> {
    const jar = this.#jars.get(address.origin) ?? new Map<string, string>();
    this.#jars.set(address.origin, jar);
    const headers = new Headers(init.headers);
    if (jar.size > 0) headers.set("cookie", [...jar].map(([name, value]) => `${name}=${value}`).join("; "));
    const response = await fetch(address, { ...init, headers, redirect: "manual" });
    for (const cookie of response.headers.getSetCookie()) keep(jar, cookie);
    return response;
  }
}

/** On loopback a browser keeps `Secure` cookies without TLS too; what else their prefix asks for, it insists on. */
function keep(jar: Map<string, string>, cookie: string): void {
  const [pair = "", ...attributes] = cookie.split(/; */);
  const [, name = "", value = ""] = /^([^=]+)=(.*)$/.exec(pair) ?? [];
  const has = (attribute: RegExp) => attributes.some((text) => attribute.test(text));
  if (name.startsWith("__Host-") && (!has(/^secure$/i) || !has(/^path=\/$/i) || has(/^domain=/i)))
    throw new Error(`No browser would keep the cookie ${name}: ${attributes.join("; ")}`);
  if (has(/^max-age=0$/i)) jar.delete(name);
  else jar.set(name, value);
}

/** The form of a page, with what its fields hold; buttons are not fields until they are pressed. */
async function readForm(page: Response, address: URL): Promise<{ action: URL; fields: URLSearchParams }> {
  const html = await textOf(page);
  const [, attributes, content] = /<form ([^>]*)>(.*)<\/form>/s.exec(html) ?? [];
  if (page.status !== 200 || attributes === undefined || content === undefined)
    throw new Error(`${address} does not ask: ${html}`);
  const attributeOf = (name: string, tag: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
  const fields = new URLSearchParams();
  for (const [tag] of content.matchAll(/<input\b[^>]*>/g)) {
    const name = attributeOf("name", tag);
    if (name !== undefined) fields.set(name, attributeOf("value", tag) ?? "");
  }
  return { action: new URL(attributeOf("action", attributes) ?? "", address), fields };
}

const textOf = async (response: Response): Promise<string> => `${response.status} ${await response.text()}`;
