/** Starts an API server and prints its pid. Arguments: the program, a folder. */
import { ApiServer } from "./api-server.ts";

const [program, folder] = process.argv.slice(2) as [string, string];
const server = await ApiServer.start(program, folder);
console.log(server.pid);
