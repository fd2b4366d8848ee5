// A sound system of one's own: microphones that say what a test says, and loudspeakers that can be listened to.
//
// Firefox and WebKitGTK have no microphone that plays a file, as Chromium has, and Firefox does not even run an audio
// context without a sound system. A PulseAudio that belongs to the test alone gives them all of it.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const MICROPHONES = ['first', 'second'];
const LOUDSPEAKERS = ['front', 'back'];
/** How long it may take to start, ms. */
const START_MS = 20_000;

/** What is played into `heard-by-…` comes out of that microphone. */
const microphone = (name) =>
    `source_name=${name} master=heard-by-${name}.monitor source_properties=device.description=${name}-microphone remix=no`;

const SETUP = [
    ...LOUDSPEAKERS.map(
        (name) => `load-module module-null-sink sink_name=${name} rate=48000 sink_properties=device.description=${name}-loudspeaker`,
    ),
    ...MICROPHONES.flatMap((name) => [
        `load-module module-null-sink sink_name=heard-by-${name} rate=48000 channels=1 channel_map=mono`,
        `load-module module-remap-source ${microphone(name)}`,
    ]),
    `set-default-sink ${LOUDSPEAKERS[0]}`,
    `set-default-source ${MICROPHONES[0]}`,
];

const DAEMON = [
    'exit-idle-time = -1',
    'flat-volumes = no',
    'default-sample-rate = 48000',
    'alternate-sample-rate = 48000',
    'resample-method = speex-float-5',
    'realtime-scheduling = no',
    'high-priority = no',
];

/** Starts a sound system and ends it after `t`; `environment` leads programs to it. */
export async function startSound(t) {
    const folder = await mkdtemp(join(tmpdir(), 'nova-sonic-sound-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const socket = join(folder, 'native');
    const script = join(folder, 'setup.pa');
    await writeFile(script, [`load-module module-native-protocol-unix socket=${socket} auth-anonymous=1`, ...SETUP, ''].join('\n'));
    await writeFile(join(folder, 'daemon.conf'), `${DAEMON.join('\n')}\n`);
    const own = {
        HOME: folder,
        XDG_RUNTIME_DIR: folder,
        XDG_CONFIG_HOME: folder,
        PULSE_RUNTIME_PATH: folder,
        PULSE_STATE_PATH: folder,
        PULSE_CONFIG: join(folder, 'daemon.conf'),
        DBUS_SESSION_BUS_ADDRESS: 'disabled:',
    };
    const options = ['-n', '-F', script, '--exit-idle-time=-1', '--daemonize=no', '--use-pid-file=no', '--disable-shm=yes'];
    const server = spawn('pulseaudio', [...options, '--realtime=no', '--high-priority=no'], {
        env: { ...process.env, ...own },
        stdio: 'ignore',
    });
    const ended = once(server, 'exit');
    t.after(async () => {
        server.kill();
        await ended;
    });
    const environment = { ...process.env, PULSE_SERVER: `unix:${socket}` };
    const sound = new SoundSystem(environment);
    await Promise.race([sound.ready(), ended.then(([code]) => Promise.reject(new Error(`pulseaudio ended with ${code}`)))]);
    return sound;
}

class SoundSystem {
    constructor(environment) {
        this.environment = environment;
    }

    async ready() {
        const end = Date.now() + START_MS;
        for (;;) {
            const sources = await this.#control('list', 'short', 'sources').catch((error) => error);
            if (String(sources).includes(MICROPHONES.at(-1))) return;
            if (Date.now() > end) throw new Error(`pulseaudio is not there: ${sources}`);
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
    }

    /** Somebody says this into a microphone; settles when it has been said. */
    async speak(samples, { into = MICROPHONES[0], rate = 16_000 } = {}) {
        const format = ['--format=s16le', `--rate=${rate}`, '--channels=1', '--raw'];
        const player = spawn('pacat', ['--playback', `--device=heard-by-${into}`, ...format], {
            env: this.environment,
            stdio: ['pipe', 'ignore', 'inherit'],
        });
        player.stdin.end(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
        const [code] = await once(player, 'exit');
        if (code !== 0) throw new Error(`nothing was said: pacat ended with ${code}`);
    }

    /** Listens to a loudspeaker; the function answered ends that and gives what was heard, as 16-bit samples. */
    async listen(t, { to = LOUDSPEAKERS[0], rate = 16_000 } = {}) {
        const format = ['--format=s16le', `--rate=${rate}`, '--channels=1', '--raw', '--latency-msec=20'];
        const recorder = spawn('parec', [`--device=${to}.monitor`, ...format], {
            env: this.environment,
            stdio: ['ignore', 'pipe', 'inherit'],
        });
        const ended = once(recorder, 'exit');
        const end = async () => {
            recorder.kill();
            await ended;
        };
        t.after(end);
        const parts = [];
        recorder.stdout.on('data', (part) => parts.push(part));
        // from here on everything is heard
        await once(recorder.stdout, 'data');
        return async () => {
            await end();
            const bytes = Buffer.concat(parts);
            return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~1)));
        };
    }

    /** How many programs record from microphones, and how many play: what a browser has really released. */
    async users() {
        const microphones = new Set();
        for (const line of (await this.#control('list', 'short', 'sources')).split('\n')) {
            const [index, name] = line.split('\t');
            if (MICROPHONES.includes(name)) microphones.add(index);
        }
        const rows = async (what) => (await this.#control('list', 'short', what)).split('\n').filter((line) => line !== '');
        const recording = (await rows('source-outputs')).filter((line) => microphones.has(line.split('\t')[1]));
        return { recording: recording.length, playing: (await rows('sink-inputs')).length };
    }

    /** Pulls a microphone out. */
    async unplug(name) {
        const modules = (await this.#control('list', 'short', 'modules')).split('\n');
        const [index] = modules.find((line) => line.includes(`source_name=${name} `)).split('\t');
        await this.#control('unload-module', index);
    }

    /** Plugs a microphone in. */
    async plug(name) {
        await this.#control('load-module', 'module-remap-source', ...microphone(name).split(' '));
    }

    async #control(...words) {
        const { stdout } = await run('pactl', words, { env: this.environment });
        return stdout;
    }
}
