// What Cloudflare calls: events, and one class for each kind of Durable Object, each handed on to the
// wasm module of the same name.
//
// Owns: starting the module anew after a panic, which leaves it unusable for good. Must not know: what
// any handler does. Invariant: after a panic the next call, whoever makes it, finds a new module, and
// no object of the old one is called.
//
// The contract is that of the crate `worker` 0.8.7 (its src/init.rs): a panic sets `criticalError`;
// `__wbg_reset_state` starts the module anew, and objects of the one before refuse every call.
import * as glue from "./index.js";

const state = glue.__worker_init_state();

/** Starts the module anew if the last one died. */
function revive() {
  if (!state.criticalError) return;
  console.log("Reinitializing Wasm application");
  glue.__wbg_reset_state();
  state.criticalError = false;
  state.instanceId += 1;
}

/** A trap of the module is the end of it. */
function note(error) {
  if (!(error instanceof WebAssembly.RuntimeError)) return;
  console.error("Critical", error);
  state.criticalError = true;
}

// Traps in callbacks of the platform, which no call below sees.
addEventListener("error", (event) => note(event.error));

/** Calls into the module. */
function enter(call) {
  revive();
  try {
    return call();
  } catch (error) {
    note(error);
    throw error;
  }
}

/** A class whose objects outlive the module: theirs is made again, from the same storage. */
function durable(Class) {
  class Durable {
    #state;
    #env;
    #object;
    #instance;

    constructor(state, env) {
      this.#state = state;
      this.#env = env;
      enter(() => this.#current());
    }

    #current() {
      if (this.#instance !== state.instanceId) {
        this.#object = new Class(this.#state, this.#env);
        this.#instance = state.instanceId;
      }
      return this.#object;
    }

    static {
      for (const name of Object.getOwnPropertyNames(Class.prototype)) {
        if (name === "constructor" || name === "free" || name.startsWith("__")) continue;
        Durable.prototype[name] = function (...words) {
          return enter(() => this.#current()[name](...words));
        };
      }
    }
  }
  return Durable;
}

export default {
  fetch: (request, env, context) => enter(() => glue.fetch(request, env, context)),
  scheduled: (event, env, context) => enter(() => glue.scheduled(event, env, context)),
  queue: (batch, env, context) => enter(() => glue.queue(batch, env, context)),
};

export const Account = durable(glue.Account);
export const Control = durable(glue.Control);
export const Live = durable(glue.Live);
export const Lookups = durable(glue.Lookups);
export const Notices = durable(glue.Notices);
export const Relay = durable(glue.Relay);
