// Sends what the microphone gives as it is.

onmessage = ({ data: { port, rate } }) => {
    const socket = new WebSocket(new URL(`/floor?rate=${rate}`, location.href.replace(/^http/, 'ws')));
    socket.onopen = () => {
        port.onmessage = ({ data: { samples } }) => {
            socket.send(samples);
            port.postMessage(samples, [samples.buffer]);
        };
    };
};
