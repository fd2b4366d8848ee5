// Tells the server what is heard, past the page's thread and past whatever is being measured.

const socket = new WebSocket(new URL('/ear', location.href.replace(/^http/, 'ws')));

onmessage = ({ data: { port } }) => {
    port.onmessage = ({ data }) => socket.send(JSON.stringify(data));
};

socket.onopen = () => postMessage('ready');
