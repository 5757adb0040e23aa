// peer serve PORT CERT KEY | peer talk PORT CONNECTIONS EACH
const https = require('https'), fs = require('fs');
const [how, port, a, b] = process.argv.slice(2);

function get(agent, path) {
  return new Promise((done, failed) => {
    const request = https.get({ host: '127.0.0.1', port, path, agent, rejectUnauthorized: false }, answer => {
      answer.resume();
      answer.on('end', () => done(request.reusedSocket));
    });
    request.on('error', failed);
  });
}

async function connect() {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  agent.on('free', socket => { agent.local = socket.localPort || agent.local; });
  await get(agent, '/connect');
  // The agent has its socket back a turn after the answer's end.
  while (!agent.local) await new Promise(setImmediate);
  return agent;
}

async function talk(connections, each) {
  const agents = await Promise.all(Array.from({ length: connections }, connect));
  console.log('connected');
  await new Promise(go => process.stdin.once('data', go));
  await Promise.all(agents.map(async agent => {
    for (let i = 0; i < each; i++)
      if (!await get(agent, `/p${agent.local}-${i}`)) throw new Error('a new connection');
  }));
  process.exit(0);
}

if (how === 'serve')
  https.createServer({ cert: fs.readFileSync(a), key: fs.readFileSync(b), keepAliveTimeout: 60000 }, (q, s) => s.end('hello\n')).listen(port, '127.0.0.1');
else
  talk(+a, +b);
