import { breakEverywhere } from "./breaking.ts";
import { TEAM, TEAM_WITH_CALLBACKS } from "./deployments.ts";

breakEverywhere(TEAM);
breakEverywhere(TEAM_WITH_CALLBACKS);
