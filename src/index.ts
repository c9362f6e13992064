import type { Bindings } from "./agent/bindings.ts";
import { app } from "./http/app.ts";

export { VeoAgent } from "./agent/veo-agent.ts";

export default { fetch: app.fetch } satisfies ExportedHandler<Bindings>;
