import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** As packages of Linux distributions call it, and Chrome, which is the same to these tests. */
const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];
/** Where it is on systems that do not put programs on PATH. */
const PLACES = [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

export type FoundChromium = { ok: true; path: string } | { ok: false; reason: string };

/**
 * Looks for a Chromium: the one that `CHROMIUM_PATH` names, or one that is installed. One that is named and is not
 * there is not replaced by another.
 */
export function findChromium(
  environment: Readonly<Record<string, string | undefined>>,
  places: readonly string[] = PLACES,
): FoundChromium {
  const named = environment.CHROMIUM_PATH;
  if (named)
    return isProgram(named) ? { ok: true, path: named } : { ok: false, reason: `no Chromium at ${named}` };
  const folders = (environment.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const path = [...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), ...places].find(
    isProgram,
  );
  return path === undefined ? { ok: false, reason: "no Chromium on this machine" } : { ok: true, path };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
