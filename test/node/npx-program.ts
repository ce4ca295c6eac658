/** Prints its process id and then goes on talking, until npx ends if it seems to have started this. */
import { endWithNpx } from "../../controller/cli/npx.ts";

endWithNpx();
console.log(process.pid);
setInterval(() => console.log("alive"), 200);
