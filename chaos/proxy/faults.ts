/** What can happen to a whole connection, whatever it carries; it holds until it is removed. */
export type LinkFault =
  /** Open connections are reset, and new ones as soon as they are made. */
  | { kind: 'cut' }
  /** Connections are accepted and stay open; no byte passes, either way, until the fault is removed. */
  | { kind: 'stall' }
  /** Whatever the server says arrives so much later. */
  | { kind: 'latency'; milliseconds: number };

/** Which requests a fault strikes; what is not said is not asked. */
export interface Selection {
  /** Such as `PUT`. */
  method?: string;
  /** Of the path with its query. */
  path?: RegExp;
  /** Share of the matching requests, 0..1, drawn from the proxy's seed. Default 1. */
  probability?: number;
  /** How many are struck; then the fault removes itself. Default: no end. */
  times?: number;
}

/** What can happen to single HTTP requests. */
export type RequestFault = Selection &
  (
    | {
        kind: 'reset';
        /** True: the server has done what was asked, and its answer is lost. False: it never hears of it. */
        answered: boolean;
      }
    /** The answer's head and so many bytes of its body arrive, then the connection is reset. */
    | { kind: 'half'; bytes: number }
    /** One bit of the first byte of the answer's body is flipped. */
    | { kind: 'corrupt' }
    /** The server never hears of the request; this is answered instead. */
    | { kind: 'status'; status: number; headers?: Record<string, string>; body?: string }
  );

export type Fault = LinkFault | RequestFault;
export type FaultKind = Fault['kind'];

/** Takes a fault away again; doing so twice does no harm. */
export type Removal = () => void;
