import { expect, it } from "vitest";
import { createCalmOutput } from "../../scripts/start/calm-output.ts";
import { CALLBACK_PATH } from "../../src/veo/callback-path.ts";

it("npm start shows each request in a line, and no address that anybody could ring at", () => {
  const lines: string[] = [];
  const output = createCalmOutput((line) => lines.push(line), false);
  output.ready();
  output.add(`[wrangler:info] POST ${CALLBACK_PATH}sealed-address 204 No Content (25ms)`);
  output.add("[wrangler:info] POST /mcp 200 OK (248ms)");
  expect(lines).toEqual([`  POST ${CALLBACK_PATH}… 204 25ms`, "  POST /mcp 200 248ms"]);
});
