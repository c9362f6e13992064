import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { PAID_TOOLS, PRICES } from "../../src/veo/capabilities.ts";
import { PRICE_KEYS, pricesOf } from "../../src/veo/prices.ts";
import { errorOf } from "../payers/payer.ts";
import { createLimited, type Limited } from "./limited.ts";

const video_id = "253eedc4f5a84f6c9b2d0e3a1c7b9d11";
const prompt = "a heron";
const image_urls = ["https://pictures.test/1.png"];

/** What is ordered, and what its price is called. */
const ORDERS: [tool: string, args: Record<string, unknown>, priceKey: string][] = [
  ["veo_text_to_video", { prompt }, "text2video:veo31-fast"],
  ["veo_text_to_video", { prompt, resolution: "720p" }, "text2video:veo31-fast"],
  ["veo_text_to_video", { prompt, model: "veo31", resolution: "4k" }, "text2video:veo31:4k"],
  ["veo_image_to_video", { prompt, image_urls, model: "veo3" }, "image2video:veo3"],
  [
    "veo_image_to_video",
    { prompt, image_urls, model: "veo31-fast-ingredients", resolution: "gif" },
    "ingredients2video:veo31-fast-ingredients:gif",
  ],
  ["veo_get_1080p", { video_id }, "upsample:1080p"],
  ["veo_upsample", { video_id, action: "4k" }, "upsample:4k"],
  ["veo_upsample", { video_id, action: "gif" }, "upsample:gif"],
  ["veo_extend_video", { video_id, prompt, resolution: "1080p" }, "extend:veo31-fast"],
  ["veo_extend_video", { video_id, prompt, model: "veo31" }, "extend:veo31"],
  ["veo_reshoot", { video_id, motion_type: "UP" }, "reshoot"],
  ["veo_video_objects", { video_id, action: "insert", prompt }, "objects"],
];

describe("MAX_CREDITS_PER_DAY", () => {
  let limited: Limited;
  afterEach(() => limited.world.end());

  it("says that something cheaper may fit, where that is so", async () => {
    limited = await createLimited({ MAX_CREDITS_PER_DAY: "2" });
    const [ada] = limited.people;
    const reshoot = () => ada.call("veo_reshoot", { video_id, motion_type: "UP" });
    await reshoot();
    expect((await reshoot()).content[0]?.text).toContain(
      "Choose something cheaper (veo_list_actions), or wait.",
    );
    expect(await ada.call("veo_upsample", { video_id, action: "4k" })).not.toHaveProperty("isError", true);
  });

  it("uses the prices that veo_list_actions tells, those of VEO_PRICES among them", async () => {
    limited = await createLimited({ VEO_PRICES: '{"text2video:veo31:4k":60,"reshoot":0.7}' });
    const told = await limited.people[0].call("veo_list_actions");
    expect(told.structuredContent?.actions).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ tool: "veo_text_to_video", known_credits: { "text2video:veo31:4k": 60 } }),
        expect.objectContaining({ tool: "veo_get_1080p", known_credits: { "upsample:1080p": 0.16 } }),
        expect.objectContaining({ tool: "veo_reshoot", known_credits: { reshoot: 0.7 } }),
      ]),
    );
    expect(told.content[0]?.text).toContain("veo31 4k 60");
  });

  it("lets through what has a price, and refuses the rest by the name of the price that is missing", async () => {
    limited = await createLimited({ MAX_CREDITS_PER_DAY: "1000" });
    const [ada] = limited.people;
    for (const [tool, args, priceKey] of ORDERS) {
      expect(PRICE_KEYS).toContain(priceKey);
      expect(pricesOf(z.enum(PAID_TOOLS).parse(tool), { [priceKey]: 1 })).toEqual({ [priceKey]: 1 });
      const paidBefore = limited.world.paidCalls();
      const { credits } = await limited.budget();
      const answer = await ada.call(tool, args);
      const price = PRICES[priceKey];
      if (price !== undefined) {
        expect(answer, priceKey).not.toHaveProperty("isError");
        expect((await limited.budget()).credits, priceKey).toBeCloseTo(credits + price, 6);
        continue;
      }
      expect(errorOf(answer), priceKey).toMatchObject({ code: "limit_reached", retryable: false });
      expect(answer.content[0]?.text).toContain(`the price of "${priceKey}"`);
      expect(answer.content[0]?.text).toContain(`VEO_PRICES, as {"${priceKey}": credits}`);
      expect(limited.world.paidCalls()).toBe(paidBefore);
    }
    expect(await ada.rows()).toMatchObject({ task: limited.world.paidCalls() });
  });

  it("goes by the owner's prices before the published ones, and a price of nothing is a price", async () => {
    limited = await createLimited({
      MAX_CREDITS_PER_DAY: "10",
      VEO_PRICES: '{"extend:veo31":9.5,"reshoot":0,"text2video:veo31-fast":0.5}',
    });
    const [ada] = limited.people;
    expect(await ada.call("veo_extend_video", { video_id, model: "veo31" })).not.toHaveProperty("isError");
    expect(await ada.order()).not.toHaveProperty("isError");
    expect(errorOf(await ada.order({ prompt: "another" }))).toMatchObject({ code: "limit_reached" });
    expect(await ada.call("veo_reshoot", { video_id, motion_type: "UP" })).not.toHaveProperty("isError");
    expect(await limited.budget()).toEqual({ inFlight: 3, generations: 3, credits: 10 });
  });

  it("says that no day is enough for what costs more than a whole one", async () => {
    limited = await createLimited({ MAX_CREDITS_PER_DAY: "11.9" });
    const [ada] = limited.people;
    const refused = await ada.call("veo_extend_video", { video_id, model: "veo31" });
    expect(errorOf(refused)).toMatchObject({ code: "limit_reached", retryable: false });
    expect(refused.content[0]?.text).toContain("This costs 12 credits, and MAX_CREDITS_PER_DAY allows 11.9");
    expect(await ada.call("veo_extend_video", { video_id })).not.toHaveProperty("isError");
  });
});
