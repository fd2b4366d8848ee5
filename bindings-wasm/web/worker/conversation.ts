// Long because: all that happens to the connections of one conversation meets here.
//
// The conversation across all of its connections: brings sound, words and answers to the one that is in use, and opens
// another when that one fails, ends, or a better one can be had.

import type { Fault, Setup } from '../channel.js';
import type { ConnectionKind } from '../options.js';
import type { MicrophonePosition, RenewalReason, VoiceState } from '../types.js';
import { Admission } from './admission.js';
import type { Connector } from './connector.js';
import { newEngine, successorOf } from './engine.js';
import { faultOf, isOver, type EngineEvent } from './events.js';
import { Line, type LineListener } from './line.js';
import { isAborted, pause } from './pause.js';
import { firstPlan, retryPlan, type Attempt } from './plan.js';
import { Quiet } from './quiet.js';
import { renew, type Renewable } from './renewal.js';
import { Reporter, type Listeners } from './reporter.js';

/** How long a connection that is not needed any more has for its last words, ms. */
const FAREWELL_MS = 1_500;
/** Longest pause before another return to the direct path is tried, ms. */
const RETURN_LIMIT_MS = 600_000;
/** Connections that broke within a minute: more are no accident. */
const BREAKS_PER_MINUTE = 6;

export class Conversation implements LineListener, Renewable {
  readonly #setup: Setup;
  readonly #connector: Connector;
  readonly #listeners: Listeners;
  readonly #reporter: Reporter;
  readonly #ended = new AbortController();
  readonly #quiet = new Quiet();
  readonly #admission = new Admission();
  /** Carries the conversation, or is about to. */
  #line: Line | undefined;
  /** Is about to take over from a line that works. */
  #next: Line | undefined;
  #nextState: VoiceState = 'initializing';
  /** The line and the last turn from which `next` was prepared. */
  #nextFrom: { line: Line; turn: number } | undefined;
  /** Is gone, and what has come of its answer is still being heard. */
  #broken: Line | undefined;
  /** Have handed over and say goodbye. */
  readonly #leaving = new Set<Line>();
  #renewing = false;
  /** What came due while another renewal was under way. */
  #dueAfter: RenewalReason | undefined;
  #recovering = false;
  #hurry = new AbortController();
  #breaks: number[] = [];
  #returnAfter: number;
  #returnPlanned = false;
  #begun = false;
  #over = false;
  /** Why the microphone's sound is not taken. */
  #deafFor: string | undefined;
  /** What was typed and answered while no connection was open. */
  #held: (() => void)[] = [];

  constructor(setup: Setup, connector: Connector, listeners: Listeners) {
    this.#setup = setup;
    this.#connector = connector;
    this.#listeners = listeners;
    this.#reporter = new Reporter(listeners);
    this.#returnAfter = setup.returnMs;
  }

  /** Opens the first connection. */
  async start(): Promise<void> {
    this.#reporter.state('initializing');
    try {
      this.#line = new Line('direct', newEngine(this.#config()), 0, this);
    } catch (thrown) {
      this.#finish((thrown as Fault).code, thrown as Fault);
      return;
    }
    await this.#establish(firstPlan(this.#setup), 'first');
  }

  /** Sound of the microphone; what cannot be sent in time is dropped. */
  hear(samples: Float32Array, rate: number): void {
    this.#hearOn(this.#line, samples, rate);
    this.#hearOn(this.#next, samples, rate);
    if (this.#over) return;
    const level = this.#line?.engine.level();
    if (level === undefined) return;
    this.#quiet.heard(level, performance.now());
    this.#listeners.heard(level, this.#reporter.current === 'speaking');
  }

  #hearOn(line: Line | undefined, samples: Float32Array, rate: number): void {
    if (line === undefined || this.#over || !line.takesSound) return;
    try {
      line.drive((engine, now) => engine.capture(now, samples, rate));
    } catch (thrown) {
      const { code } = thrown as Partial<Fault>;
      // the queue is full, or the line has just ended: the next sound finds another
      if (code === 'audio_backpressure' || code === 'session_closed' || code === this.#deafFor) return;
      // told once, and not thirty times a second
      this.#deafFor = code;
      throw thrown;
    }
  }

  /** Something typed. */
  say(text: string): void {
    this.#whenOpen((line) => line.drive((engine, now) => engine.text(now, text)));
  }

  /** The microphone's position, also for connections to come. */
  setMicrophone(position: MicrophonePosition): void {
    this.#setup.config.microphone = position;
    for (const line of [this.#line, this.#next]) line?.drive((engine, now) => engine.microphone(now, position));
  }

  /** The user wants silence. */
  interrupt(): void {
    this.#line?.drive((engine, now) => engine.interrupt(now));
  }

  /** The answer to a call. */
  toolResult(id: string, json: string): void {
    this.#whenOpen((line) => line.drive((engine, now) => engine.toolResult(now, id, json)));
  }

  /** A call that failed. */
  toolFailed(id: string, message: string): void {
    this.#whenOpen((line) => line.drive((engine, now) => engine.toolFailed(now, id, message)));
  }

  /** What the loudspeaker has played of a turn. */
  played(turn: number, samples: number): void {
    const lines = [this.#line, this.#broken, ...this.#leaving].filter((line) => line !== undefined);
    const owner = lines.filter(({ after }) => after < turn).sort((a, b) => b.after - a.after)[0];
    owner?.drive((engine, now) => engine.played(now, turn - owner.turnBase, samples));
  }

  /** The network may be there again. */
  online(): void {
    this.#hurry.abort();
  }

  /** Hangs up. */
  async close(): Promise<void> {
    if (this.#over) return;
    const line = this.#line;
    if (line?.isOpen !== true) {
      this.#finish('hangup');
      return;
    }
    line.drive((engine, now) => engine.hangup(now));
    await pause(FAREWELL_MS, this.#ended.signal);
    this.#finish('hangup');
  }

  event(line: Line, json: string): void {
    const event = JSON.parse(json) as EngineEvent;
    if (event.type === 'usage') this.#reporter.used(event.delta);
    if (this.#admission.decides(line, event)) return;
    if (line === this.#line) this.#received(line, event);
    else if (line === this.#broken && event.type === 'interrupted') this.#fallSilent(line, event);
    else if (line === this.#next && event.type === 'stateChanged') this.#nextState = event.to;
    else if (event.type === 'closed') this.#release(line);
  }

  sound(line: Line, samples: Int16Array, turn: number): void {
    if (line === this.#line || this.#leaving.has(line)) this.#reporter.sound(samples, turn);
  }

  #received(line: Line, event: EngineEvent): void {
    switch (event.type) {
      case 'stateChanged':
        // the conversation is over only when no other connection takes over
        if (event.to === 'closed') break;
        this.#quiet.changed(event.to, performance.now());
        this.#reporter.state(event.to);
        break;
      case 'closed':
        this.#lost(line, event);
        break;
      case 'renewalDue':
        void this.#renew(line.kind, event.reason);
        break;
      case 'usage':
      case 'relay':
        break;
      default:
        this.#reporter.pass(event, line.turnBase);
    }
  }

  #lost(line: Line, event: Extract<EngineEvent, { type: 'closed' }>): void {
    if (isOver(event)) {
      this.#finish(event.reason, event.code === undefined ? undefined : faultOf(event));
      return;
    }
    const fault = faultOf(event);
    const now = performance.now();
    this.#breaks = [...this.#breaks.filter((at) => now - at < 60_000), now];
    if (this.#breaks.length > BREAKS_PER_MINUTE) {
      this.#finish(fault.code, fault);
      return;
    }
    if (line.engine.breakOff(now)) {
      this.#fallSilent(this.#broken);
      this.#broken = line;
    }
    void this.#recover(line.kind, fault);
  }

  /** Nothing more is heard of a line: it tells what that means for its answer. */
  #fallSilent(line: Line | undefined, last?: EngineEvent): void {
    if (line === undefined) return;
    const next = (): EngineEvent | undefined => line.engine.fallSilent(performance.now());
    for (let event = last ?? next(); event !== undefined; event = next()) this.#received(line, event);
    if (line !== this.#broken) return;
    this.#broken = undefined;
    line.free();
  }

  /** The connection is gone; another one takes the conversation up. */
  async #recover(kind: ConnectionKind, fault: Fault): Promise<void> {
    if (this.#recovering || this.#over) return;
    this.#recovering = true;
    const lostAt = performance.now();
    this.#reporter.state('initializing');
    this.#reporter.renewing('connection');
    await this.#establish(retryPlan(kind, fault, this.#setup), fault.code, fault);
    this.#recovering = false;
    if (!this.#over) this.#reporter.renewed('connection', performance.now() - lostAt);
  }

  /** Tries one connection after the other; the conversation is over when there is none left. */
  async #establish(
    next: (before: Fault | undefined) => Attempt | undefined,
    reason: string,
    before?: Fault,
  ): Promise<void> {
    let fault = before;
    const { signal } = this.#ended;
    for (let attempt = next(fault); attempt !== undefined; attempt = next(fault)) {
      const { kind, pauseMs } = attempt;
      if (pauseMs > 0) await this.#rest(pauseMs);
      if (isAborted(signal)) return;
      const line = this.#replacement(kind);
      try {
        await this.connect(line, signal);
      } catch (thrown) {
        if (isAborted(signal)) return;
        fault = this.#failedWith(thrown, fault);
        continue;
      }
      if (isAborted(signal)) return;
      const changed = fault === undefined ? reason : fault.code;
      this.#adopt(line, changed, fault);
      return;
    }
    const last = fault ?? { code: 'credentials_missing' };
    this.#finish(last.code, last);
  }

  /** The last failure is what the user is told; those before it come as events. */
  #failedWith(thrown: unknown, before: Fault | undefined): Fault {
    if (before !== undefined) this.#reporter.error(before);
    const fault = thrown as Partial<Fault>;
    if (typeof fault.code === 'string') return fault as Fault;
    return { code: 'internal', message: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : 'unknown' };
  }

  /** Waits, but no longer than until the network is back. */
  async #rest(ms: number): Promise<void> {
    this.#hurry = new AbortController();
    const stop = (): void => this.#hurry.abort();
    this.#ended.signal.addEventListener('abort', stop);
    await pause(ms, this.#hurry.signal);
    this.#ended.signal.removeEventListener('abort', stop);
  }

  /** A line in the place of the present one, which hears the microphone while it is being opened. */
  #replacement(kind: ConnectionKind): Line {
    const old = this.#line;
    if (old === undefined) throw new Error('a conversation begins with a line');
    const { speakFirst } = this.#setup.config;
    // a successor does not speak first, and nobody has spoken yet
    const fresh = !this.#begun && speakFirst !== undefined;
    const engine = fresh ? newEngine(this.#config()) : successorOf(old.engine, this.#config());
    const line = new Line(kind, engine, old.turnBase, this);
    line.after = this.#reporter.lastTurn;
    this.#line = line;
    if (old === this.#broken) old.closeSocket();
    else old.free();
    return line;
  }

  #adopt(line: Line, reason: string, fault?: Fault): void {
    this.#begun = true;
    this.#reporter.transport(line.kind, reason, fault);
    if (line.kind === 'relay') this.#planReturn();
    this.#listeners.connected();
    for (const act of this.#held.splice(0)) act();
  }

  #planReturn(): void {
    const { transport, grant } = this.#setup;
    if (transport !== 'auto' || grant === undefined || this.#returnAfter === 0 || this.#returnPlanned) return;
    this.#returnPlanned = true;
    void pause(this.#returnAfter, this.#ended.signal).then(async () => {
      // meanwhile a connection that broke may have been replaced by a direct one
      if (!this.#over && this.#line?.kind === 'relay') await this.#renew('direct', 'returned');
      this.#returnPlanned = false;
      if (this.#over) return;
      const isBack = this.#line?.kind === 'direct';
      this.#returnAfter = isBack ? this.#setup.returnMs : Math.min(RETURN_LIMIT_MS, this.#returnAfter * 2);
      if (!isBack) this.#planReturn();
    });
  }

  async #renew(kind: ConnectionKind, reason: RenewalReason): Promise<void> {
    if (this.#over) return;
    if (this.#renewing) {
      // it comes once: an attempt to return, which may fail, must not swallow it
      if (reason !== 'returned') this.#dueAfter = reason;
      return;
    }
    this.#renewing = true;
    const before = this.#line;
    if (reason !== 'returned') this.#reporter.renewing(reason);
    try {
      await renew(this, kind, reason, this.#ended.signal);
    } finally {
      this.#renewing = false;
    }
    const due = this.#dueAfter;
    this.#dueAfter = undefined;
    if (due !== undefined && before !== undefined && this.#line === before) void this.#renew(before.kind, due);
  }

  isQuiet(): boolean {
    return !this.#recovering && this.#held.length === 0 && this.#quiet.isQuiet(performance.now());
  }

  prepare(kind: ConnectionKind): Line {
    const old = this.#line;
    if (old === undefined) throw new Error('there is nothing to renew');
    this.#nextState = 'initializing';
    this.#nextFrom = { line: old, turn: this.#reporter.lastTurn };
    this.#next = new Line(kind, successorOf(old.engine, this.#config()), old.turnBase, this);
    return this.#next;
  }

  async connect(line: Line, signal: AbortSignal): Promise<void> {
    await this.#connector.connect(line, signal);
    if (line.kind === 'relay') await this.#admission.await(line, this.#setup.connectMs);
  }

  discard(line: Line): void {
    if (this.#next === line) this.#next = undefined;
    line.free();
  }

  handOver(line: Line, reason: RenewalReason): void {
    const old = this.#line;
    const from = this.#nextFrom;
    // it may have broken meanwhile, and another may have taken over, of which this one knows nothing
    if (this.#over || this.#recovering || old === undefined || from?.line !== old || !line.isOpen) {
      this.discard(line);
      return;
    }
    line.after = this.#reporter.lastTurn;
    line.turnBase += line.after - from.turn;
    this.#line = line;
    this.#next = undefined;
    this.#leave(old);
    if (old.kind !== line.kind) this.#reporter.transport(line.kind, reason);
    this.#quiet.changed(this.#nextState, performance.now());
    this.#reporter.state(this.#nextState);
    this.#reporter.renewed(reason, 0);
  }

  failed(fault: Fault): void {
    this.#reporter.error(fault);
  }

  /** Lets a line say goodbye. */
  #leave(line: Line): void {
    this.#leaving.add(line);
    line.drive((engine, now) => engine.hangup(now));
    setTimeout(() => this.#release(line), FAREWELL_MS);
  }

  #release(line: Line): void {
    this.#leaving.delete(line);
    line.free();
  }

  /** Does it now, or when a connection is open. */
  #whenOpen(act: (line: Line) => void): void {
    const line = this.#line;
    if (line?.isOpen === true) act(line);
    else this.#held.push(() => this.#whenOpen(act));
  }

  /** As it is now: the microphone may have been moved. */
  #config(): string {
    return JSON.stringify(this.#setup.config);
  }

  #finish(reason: string, fault?: Fault): void {
    if (this.#over) return;
    this.#over = true;
    this.#ended.abort();
    this.#fallSilent(this.#broken);
    this.#fallSilent(this.#line);
    for (const line of [this.#line, this.#next, ...this.#leaving]) line?.free();
    this.#reporter.closed(reason, fault);
  }
}
