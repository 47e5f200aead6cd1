// twarc2, the archivists' client, against the simulator.
import { steps } from "./python.ts";

await steps("twarc_reads.py");
