import { describe, expect, it } from "vitest";
import {
  type CallbackSettings,
  callbackAddresses,
  callbackReader,
  readCallbackAddress,
} from "../../src/agent/callback-address.ts";
import { seal } from "../../src/agent/sealing.ts";
import { deriveKey } from "../../src/config/derived-key.ts";
import { newSubmissionId } from "../../src/ledger/submission-id.ts";
import { CALLBACK_PATH } from "../../src/veo/callback-path.ts";

const SECRET_KEY = "a".repeat(32);
const OTHER_SECRET_KEY = "b".repeat(32);
const ORIGIN = "https://veo.test";
const SUBMISSION = "sub_0123456789abcdef";

const addresses = (settings: Partial<CallbackSettings> = {}, origin = ORIGIN, account = "ada") =>
  callbackAddresses(
    { callbacks: "auto", secretKey: SECRET_KEY, publicOrigin: undefined, ...settings },
    origin,
    account,
  );
/** The path of an address, as the Worker sees it. */
const pathOf = (address = "") => new URL(address).pathname;
const path = (account?: string) => pathOf(addresses({}, ORIGIN, account)?.(SUBMISSION));

describe("whether the upstream is given an address to ring at", () => {
  it.each<[string, Partial<CallbackSettings>, string, string | undefined]>([
    ["reachable by https", {}, ORIGIN, ORIGIN],
    ["at another port", {}, "https://veo.test:8443", "https://veo.test:8443"],
    ["without a secret key", { secretKey: undefined }, ORIGIN, undefined],
    ["on localhost", {}, "http://localhost:8787", undefined],
    ["on localhost, with TLS", {}, "https://localhost:8787", undefined],
    ["on 127.0.0.1", {}, "https://127.0.0.1:8787", undefined],
    ["elsewhere on loopback", {}, "https://127.8.9.1", undefined],
    ["on IPv6's loopback", {}, "https://[::1]:8787", undefined],
    ["without TLS", {}, "http://veo.test", undefined],
    [
      "pinned to a public address, asked on loopback",
      { publicOrigin: ORIGIN },
      "http://localhost:8787",
      ORIGIN,
    ],
    ["pinned, asked under another name", { publicOrigin: ORIGIN }, "https://veo.example.workers.dev", ORIGIN],
    ["pinned to loopback", { publicOrigin: "http://localhost:8787" }, ORIGIN, undefined],
    ["forced, on loopback", { callbacks: "on" }, "http://127.0.0.1:8787", "http://127.0.0.1:8787"],
    ["forced, without a secret key", { callbacks: "on", secretKey: undefined }, ORIGIN, undefined],
    ["forced, and pinned", { callbacks: "on", publicOrigin: ORIGIN }, "http://localhost:8787", ORIGIN],
    ["forbidden", { callbacks: "off" }, ORIGIN, undefined],
    ["forbidden, and pinned", { callbacks: "off", publicOrigin: ORIGIN }, ORIGIN, undefined],
  ])("%s", (_where, settings, origin, expected) => {
    const address = addresses(settings, origin)?.(SUBMISSION);
    expect(address && new URL(address).origin).toBe(expected);
    expect(address?.startsWith(`${expected}${CALLBACK_PATH}`)).toBe(
      expected === undefined ? undefined : true,
    );
  });
});

describe("an address", () => {
  it("says whom it is for to us only, and is another one every time", () => {
    const [one, two] = [path(), path()];
    expect(one).not.toBe(two);
    for (const address of [one, two]) {
      expect(readCallbackAddress(address, SECRET_KEY)).toEqual({ account: "ada", submissionId: SUBMISSION });
      const bytes = Buffer.from(address.slice(CALLBACK_PATH.length), "base64url").toString("latin1");
      for (const secret of ["ada", SUBMISSION, SUBMISSION.slice(4)])
        expect(`${address} ${bytes}`).not.toContain(secret);
    }
  });

  it.each(["owner", "ace-u1", "mail-a@b.test", 'od"d', "ß 東京", "a".repeat(200)])(
    "is for the very account it was made for: %s",
    (account) => expect(readCallbackAddress(path(account), SECRET_KEY)?.account).toBe(account),
  );

  it("looks like ours after the key was changed, and no path does that people give their own addresses", () => {
    const { looksLikeOurs, isOurs } = callbackReader(OTHER_SECRET_KEY, "a");
    const ofEarlierKey = addresses({}, ORIGIN, "a")?.(newSubmissionId()) ?? "";
    expect([looksLikeOurs(ofEarlierKey), isOurs(ofEarlierKey)]).toEqual([true, false]);
    for (const path of [
      "/callbacks/veo",
      "/callbacks/",
      "/callbacks/videos/3f1c9d52-4f0e-4c55-a5f4-0d7c34f2f6a1",
    ])
      expect(looksLikeOurs(`https://studio.test${path}`)).toBe(false);
  });

  it("is none of ours with any one character altered, left out, or added", () => {
    const good = path();
    for (let at = CALLBACK_PATH.length; at <= good.length; at += 1) {
      const [before, here, after] = [good.slice(0, at), good.charAt(at), good.slice(at + 1)];
      const altered = [..."AQgwz059-_.~+/=%! "].filter((letter) => letter !== here);
      for (const other of [
        ...altered.map((letter) => before + letter + after),
        ...altered.map((letter) => before + letter + here + after),
        ...(here === "" ? [] : [before + after, before]),
      ])
        if (other !== good) expect(readCallbackAddress(other, SECRET_KEY), other).toBeUndefined();
    }
  });

  const sealedAs = (text: string, purpose: string, use: "callback" | "storedCredential" = "callback") =>
    CALLBACK_PATH + seal(text, deriveKey(SECRET_KEY, use), purpose);
  const target = JSON.stringify(["ada", SUBMISSION]);
  it("is read as one, when made by hand as ours are: what follows is not refused for another reason", () => {
    expect(readCallbackAddress(sealedAs(target, "callback address"), SECRET_KEY)).toBeDefined();
  });

  it.each([
    ["made with another secret key", pathOf(addresses({ secretKey: OTHER_SECRET_KEY })?.(SUBMISSION))],
    ["a credential of the account's, as it is kept", sealedAs("a-key", "ada", "storedCredential")],
    ["a target sealed with the key of credentials", sealedAs(target, "callback address", "storedCredential")],
    ["a target sealed for an account", sealedAs(target, "ada")],
    ["in standard base64", path().replaceAll("-", "+").replaceAll("_", "/").concat("==")],
    ["with another behind it", `${path()}/${path().slice(CALLBACK_PATH.length)}`],
    ["twice", path() + path().slice(CALLBACK_PATH.length)],
    ["in capitals", path().toUpperCase()],
    ["percent-encoded", path().replace(/.$/, (last) => `%${last.charCodeAt(0).toString(16)}`)],
    ["eight kilobytes of a letter", CALLBACK_PATH + "A".repeat(8192)],
    ["eight kilobytes behind one of ours", path() + "A".repeat(8192)],
    ["nothing", CALLBACK_PATH],
    ["no more than a tag", CALLBACK_PATH + "A".repeat(37)],
    ["names of our own", `${CALLBACK_PATH}ada/${SUBMISSION}`],
  ])("is none of ours: %s", (_what, forged) => {
    expect(readCallbackAddress(forged, SECRET_KEY)).toBeUndefined();
  });
});
