import type { ToolContext } from "./define-tool.ts";

/**
 * Whether we know that a video is the result of an extension: the upstream refuses to reshoot or edit those with
 * 400 (upstream-contract.md). Of videos that the account did not make here, nothing is known.
 */
export const isExtended = (videoId: string, { ledger }: ToolContext): boolean =>
  ledger.taskOfVideo(videoId)?.tool === "veo_extend_video";
