import { ORIGIN, type World } from "../world.ts";

/** The part of a browser that a sign-in needs: cookies of our origin, forms, and redirects that are looked at. */
export interface Browser {
  /** Opens an address of ours, without following a redirect. */
  open(address: string | URL, init?: RequestInit): Promise<Response>;
  /** Posts the consent form, as the page's own button does. */
  decide(form: ConsentForm, init?: RequestInit): Promise<Response>;
  readonly cookies: ReadonlyMap<string, string>;
}

export interface ConsentForm {
  handle: string;
  decision: "approve" | "deny";
  secret?: string;
}

export interface BrowserOptions {
  /** The address it comes from, as Cloudflare tells it. */
  address?: string;
}

export function createBrowser(world: Pick<World, "fetch">, { address }: BrowserOptions = {}): Browser {
  const cookies = new Map<string, string>();
  const open = async (target: string | URL, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (cookies.size > 0)
      headers.set("cookie", [...cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    if (address !== undefined) headers.set("cf-connecting-ip", address);
    const response = await world.fetch(new URL(target, ORIGIN), { ...init, headers, redirect: "manual" });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = "", ...attributes] = cookie.split(/; */);
      const [name = "", ...value] = pair.split("=");
      if (attributes.some((attribute) => /^max-age=0$/i.test(attribute))) cookies.delete(name);
      else cookies.set(name, value.join("="));
    }
    return response;
  };
  return {
    cookies,
    open,
    decide: (form, init = {}) =>
      open("/authorize", {
        method: "POST",
        body: new URLSearchParams({ ...form }),
        ...init,
        headers: {
          origin: ORIGIN,
          "sec-fetch-site": "same-origin",
          ...Object.fromEntries(new Headers(init.headers)),
        },
      }),
  };
}

/** @returns the handle on a consent page; fails where there is none. */
export async function handleOn(response: Response): Promise<string> {
  const page = await response.text();
  const [, handle] = /name="handle" value="([^"]+)"/.exec(page) ?? [];
  if (handle === undefined) throw new Error(`no consent page: ${response.status} ${page}`);
  return handle;
}

/** @returns where a response sends the browser; fails where it does not. */
export function locationOf(response: Response): URL {
  const location = response.headers.get("location");
  if (response.status !== 302 || location === null) throw new Error(`no redirect: ${response.status}`);
  return new URL(location);
}
