import type { Bindings } from "./agent/bindings.ts";
import { handle } from "./http/worker.ts";

export { VeoAgent } from "./agent/veo-agent.ts";

export default { fetch: handle } satisfies ExportedHandler<Bindings>;
