import { z } from "zod";

/** Who asks: what authentication found out, and all that crosses to the account's object about it. */
export const callerSchema = z.strictObject({
  /** Names the account, and so its object. */
  account: z.string().regex(/^[\w-]{1,128}$/),
  /** Whether every task of the upstream's token is the account's own (tool-surface.md, "Whose task?"). */
  ownsToken: z.boolean(),
  /** The caller's own upstream token, where everybody pays for themselves. */
  upstreamToken: z.string().min(1).exactOptional(),
});
export type Caller = z.infer<typeof callerSchema>;
