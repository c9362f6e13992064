import { breakEverywhere } from "./breaking.ts";
import { PASSTHROUGH_WITH_CALLBACKS } from "./deployments.ts";

breakEverywhere(PASSTHROUGH_WITH_CALLBACKS);
