import { isTooLarge, type UpstreamFailure } from "../errors.ts";
import { clearest, type Observation, observeRecord } from "../veo/observation.ts";
import type { TaskPage, UpstreamClient } from "../veo/upstream-client.ts";

const PAGE_SIZE = 50;

/** What the upstream lists, as far as it was read. */
export type Pages =
  | {
      ok: true;
      seen: Map<string, Observation>;
      /** Whether that is all there is: the list came to its end, all of it could be read, and it has as many as it says. */
      isComplete: boolean;
    }
  | { ok: false; failure: UpstreamFailure };

/**
 * Reads a list of the upstream's tasks, page by page.
 * @param bounds of what is asked for, in Unix seconds.
 * @param most pages; a list that has more is not complete.
 */
export async function readPages(
  upstream: Pick<UpstreamClient, "listTasks">,
  bounds: Pick<TaskPage, "created_at_min" | "created_at_max">,
  token: string,
  most: number,
): Promise<Pages> {
  const seen = new Map<string, Observation>();
  let isReadable = true;
  let offset = 0;
  let limit = PAGE_SIZE;
  let count = 0;
  for (let pages = 0; pages < most; ) {
    const page = await upstream.listTasks({ offset, limit, ...bounds }, token);
    if (!page.ok) {
      if (!isTooLarge(page.failure)) return page;
      if (limit === 1) break;
      // The records are too long together: fewer at a time.
      limit = Math.ceil(limit / 2);
      continue;
    }
    pages += 1;
    count = Math.max(count, page.count ?? 0);
    // An empty page ends the list; a short one may be the upstream's own limit.
    if (page.records.length === 0) return { ok: true, seen, isComplete: isReadable && offset >= count };
    offset += page.records.length;
    const before = seen.size;
    for (const record of page.records) {
      const observation = observeRecord(record);
      if (observation === undefined) isReadable = false;
      else seen.set(observation.taskId, clearest(observation, seen.get(observation.taskId)));
    }
    // Nothing new in it: this upstream does not page, and would go on like that.
    if (seen.size === before) break;
  }
  return { ok: true, seen, isComplete: false };
}
