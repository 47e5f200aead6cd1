// tweepy, the Python client that most programs use, against the simulator.
import { steps } from "./python.ts";

await steps("tweepy_reads.py");
