// Roost as built, in workerd on its own port, for `cargo xtask bench`. Settings come as JSON in
// ROOST_VARS; one line of JSON says where it is and which process is workerd's.
import { execFileSync } from "node:child_process";
import { Runtime } from "../e2e/runtime.ts";

const runtime = await Runtime.start(JSON.parse(process.env.ROOST_VARS ?? "{}"));
const table = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" });
const ours = table
  .split("\n")
  .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
  .find((found) => Number(found?.[2]) === process.pid && found?.[3].includes("workerd"));
console.log(JSON.stringify({ url: runtime.url.href, pid: Number(ours?.[1]) }));

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => void runtime.stop().finally(() => process.exit(0)));
}
