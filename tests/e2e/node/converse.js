// Does what it is told on standard input, a JSON line each, and answers with a line: for the tests.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const {Edge, explain, types} = require('./edge.js');

const VECTORS = path.join(__dirname, '../../../docs/edge/quote-vectors.json');
const Promotion = types['edge_grpc.v1.Promotion'];
let edge;
let watching;
let versions;

const COMMANDS = {
  open: ({target, variables}) => {
    edge = new Edge(target, variables);
    return {};
  },
  signIn: ({method}) => edge.signIn(method),
  call: ({method, variables}) => edge.unary(method, variables),
  set: ({variables}) => Object.assign(edge.variables, variables),
  sync: () => edge.sync(),
  held: ({kind}) => [...edge.held[kind].values()],
  holding: ({kind}) => edge.holding(kind),
  frames: async ({method, variables}) => {
    const frames = [];
    for await (const frame of edge.stream(method, variables)) frames.push(frame);
    return frames;
  },
  watch: async () => {
    if (!watching) {
      watching = edge.stream('WatchVersion');
      watching.on('error', () => {}); // it is cancelled when the conversation ends
      versions = watching[Symbol.asyncIterator]();
    }
    return (await versions.next()).value;
  },
  upload: ({variables}) => new Promise((resolve, reject) => {
    const stream = edge.client.UploadUsage(edge.metadata);
    const answers = [];
    stream.on('data', (answer) => answers.push(answer));
    stream.on('error', reject);
    stream.on('end', () => resolve(answers));
    for (const given of variables) stream.write(edge.request('UploadUsage', given));
    stream.end();
  }),
  promotions: () => JSON.parse(fs.readFileSync(VECTORS, 'utf8')).vectors.map((vector) =>
    vector.promotions.map((one) => Promotion.serialize(one).toString('base64'))),
};

(async () => {
  for await (const line of readline.createInterface({input: process.stdin})) {
    const {command, ...given} = JSON.parse(line);
    let answer;
    try {
      answer = {answer: await COMMANDS[command](given)};
    } catch (error) {
      answer = error.code === undefined ? {fault: error.stack} : {error: explain(error)};
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  if (watching) watching.cancel();
  if (edge) edge.close();
})();
