import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findChromium } from "./find-chromium.ts";
import { LEFT_OUT } from "./in-chromium.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "veo-browser-"));
  for (const name of ["first", "second", "third"]) await mkdir(join(folder, name));
  await writeFile(join(folder, "first/chromium"), "not a program", { mode: 0o644 });
  await writeFile(join(folder, "second/google-chrome"), "", { mode: 0o755 });
  await writeFile(join(folder, "third/chromium"), "", { mode: 0o755 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

// Once for all files of this folder, whose titles say it too.
if (LEFT_OUT !== undefined) console.warn(`left out: test/browser (${LEFT_OUT})`);

it("takes the Chromium that CHROMIUM_PATH names, or one on PATH, or none", () => {
  const at = (name: string) => join(folder, name);
  const path = [at("first"), at("second"), at("third")].join(delimiter);
  const named = at("second/google-chrome");
  expect(findChromium({ CHROMIUM_PATH: named, PATH: path })).toEqual({ ok: true, path: named });
  expect(findChromium({ PATH: path })).toEqual({ ok: true, path: at("third/chromium") });
  expect(findChromium({ PATH: at("second"), CHROMIUM_PATH: "" })).toEqual({ ok: true, path: named });
  expect(findChromium({ PATH: at("first") }, [named])).toEqual({ ok: true, path: named });
  expect(findChromium({ CHROMIUM_PATH: at("gone"), PATH: path })).toEqual({
    ok: false,
    reason: `no Chromium at ${at("gone")}`,
  });
  for (const nowhere of [{ PATH: at("first") }, { PATH: "" }, {}])
    expect(findChromium(nowhere, [])).toEqual({ ok: false, reason: "no Chromium on this machine" });
});
