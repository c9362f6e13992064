import { breakEverywhere } from "./breaking.ts";
import { PERSONAL, PERSONAL_WITH_CALLBACKS } from "./deployments.ts";

breakEverywhere(PERSONAL);
breakEverywhere(PERSONAL_WITH_CALLBACKS);
