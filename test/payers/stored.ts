import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { tablesOf } from "../stored-tables.ts";

/** Everything that the objects of the deployment have in storage, as one text to search: every row, every key. */
export async function everythingStored(): Promise<string> {
  const { VEO_AGENT, OAUTH_STORE, SIGN_IN_GUARD } = env;
  const texts = await Promise.all([VEO_AGENT, OAUTH_STORE, SIGN_IN_GUARD].map(storedInNamespace));
  return texts.join("\n");
}

async function storedInNamespace(namespace: DurableObjectNamespace): Promise<string> {
  const ids = await listDurableObjectIds(namespace);
  const texts = ids.map((id) => runInDurableObject(namespace.get(id), (_, { storage }) => storedIn(storage)));
  return (await Promise.all(texts)).join("\n");
}

async function storedIn(storage: DurableObjectStorage): Promise<string> {
  return JSON.stringify([tablesOf(storage), [...(await storage.list())]], (_key, value: unknown) =>
    value instanceof ArrayBuffer ? Buffer.from(value).toString("latin1") : value,
  );
}
