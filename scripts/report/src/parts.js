// Colours of the parts of a step, as scripts/plot_steps.py has them.
import { colour } from "./palette.js";

const OWN = { optimizer: "#66c2a5", expert: "#882255", data: "#b8a800", launch: "#888888", bubble: "#b9c0c8" };
const SHARED = {
  matmul: 0,
  attention: 5,
  elementwise: 2,
  tensor: 1,
  context: 3,
  pipeline: 4,
  "parameter memory": 0,
  "gradient memory": 5,
  "optimizer memory": 2,
  "activation memory": 1,
  "working memory": 4,
};

export const partColour = (part) => OWN[part] ?? colour(SHARED[part] ?? 0);
