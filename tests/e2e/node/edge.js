// An edge client from the proto files, @grpc/grpc-js and @grpc/proto-loader alone.
'use strict';

const {createHash} = require('node:crypto');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const requests = require('./requests.js');

const PROTO = path.join(__dirname, '../../../proto');
const OPTIONS = {longs: String, enums: String, oneofs: true, includeDirs: [PROTO, __dirname]};
const LISTS = {
  RECORD_KIND_CATEGORY: 'categories',
  RECORD_KIND_PRODUCT: 'products',
  RECORD_KIND_PROMOTION: 'promotions',
};
const CURABLE = new Set([
  grpc.status.UNAVAILABLE, grpc.status.RESOURCE_EXHAUSTED, grpc.status.INTERNAL,
  grpc.status.CANCELLED, grpc.status.UNKNOWN,
]);
const types = loader.loadSync(['edge_grpc/v1/edge_sync_service.proto', 'google_rpc.proto'], OPTIONS);
const {EdgeSyncService} = grpc.loadPackageDefinition(types).edge_grpc.v1;

/** Return what an error says: status, reason, and how long to wait. */
function explain(error) {
  const [packed] = error.metadata ? error.metadata.get('grpc-status-details-bin') : [];
  const told = {status: grpc.status[error.code], reason: '', retrySeconds: 0};
  for (const {typeUrl, type_url: other, value} of packed ? decode('Status', packed).details : []) {
    const name = (typeUrl || other).split('/').pop();
    if (name === 'google.rpc.ErrorInfo') told.reason = decode('ErrorInfo', value).reason;
    if (name === 'google.rpc.RetryInfo') {
      const {seconds = 0, nanos = 0} = decode('RetryInfo', value).retryDelay;
      told.retrySeconds = Number(seconds) + nanos / 1e9;
    }
  }
  return told;
}

function decode(name, bytes) {
  return types[`google.rpc.${name}`].deserialize(bytes);
}

class Edge {
  constructor(target, variables) {
    this.variables = {cursor: '', ...variables};
    this.client = new EdgeSyncService(target, grpc.credentials.createInsecure(), {
      'grpc.initial_reconnect_backoff_ms': 100,
    });
    this.metadata = new grpc.Metadata();
    this.held = this.#nothing();
  }

  #nothing() {
    return Object.fromEntries(Object.keys(LISTS).map((kind) => [kind, new Map()]));
  }

  request(method, more = {}) {
    const json = requests.load(method, {...this.variables, ...more});
    return requests.toMessage(json, `edge_grpc.v1.${method}Request`, types);
  }

  unary(method, more) {
    return new Promise((resolve, reject) => {
      this.client[method](this.request(method, more), this.metadata, (error, answer) =>
        error ? reject(error) : resolve(answer));
    });
  }

  stream(method, more) {
    return this.client[method](this.request(method, more), this.metadata);
  }

  async signIn(method = 'IssueToken') {
    const {grant} = await this.unary(method);
    this.metadata = new grpc.Metadata();
    this.metadata.set('authorization', `Bearer ${grant.accessToken}`);
    Object.assign(this.variables, {
      company_id: grant.companyId, store_id: grant.storeId, refresh_token: grant.refreshToken,
    });
    return grant;
  }

  /** Sync to the end, going on from the last token when the stream breaks; apply it as a whole. */
  async sync() {
    const chain = {staged: [], whole: false, modes: [], cuts: 0, cursor: this.variables.cursor};
    for (;;) {
      try {
        const checkpoint = await this.#page(chain);
        chain.cursor = checkpoint.cursor;
        if (!checkpoint.hasMore) return this.#apply(chain, checkpoint);
      } catch (error) {
        if (!CURABLE.has(error.code) || ++chain.cuts > 20) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 100));
      }
    }
  }

  async #page(chain) {
    for await (const frame of this.stream('Sync', {cursor: chain.cursor})) {
      switch (frame.frame) {
        case 'hello':
          chain.modes.push(frame.hello.mode);
          if (frame.hello.mode === 'SYNC_MODE_SNAPSHOT') Object.assign(chain, {staged: [], whole: true});
          break;
        case 'checkpoint':
          return frame.checkpoint;
        default:
          chain.staged.push(frame[frame.frame]);
          chain.cursor = frame[frame.frame].resumeToken;
      }
    }
    throw Object.assign(new Error('ended without a checkpoint'), {code: grpc.status.UNAVAILABLE});
  }

  #apply(chain, checkpoint) {
    const held = chain.whole ? this.#nothing() : this.held;
    const counts = {records: 0, removals: 0};
    for (const part of chain.staged) {
      for (const record of part.kind ? part[LISTS[part.kind]] : []) {
        const before = held[part.kind].get(record.id);
        if (!before || Number(before.version) <= Number(record.version)) {
          held[part.kind].set(record.id, record);
        }
        counts.records += 1;
      }
      for (const removal of part.removals || []) {
        const before = held[removal.kind].get(removal.id);
        if (before && Number(before.version) <= Number(removal.version)) {
          held[removal.kind].delete(removal.id);
        }
        counts.removals += 1;
      }
    }
    this.held = held;
    this.variables.cursor = checkpoint.cursor;
    for (const {kind, count = '0', checksum = '0'} of checkpoint.holdings) {
      const found = this.holding(kind);
      if (found.count !== count || found.checksum !== checksum) {
        throw new Error(`${kind}: ${JSON.stringify(found)} held, ${count}/${checksum} expected`);
      }
    }
    return {...counts, modes: chain.modes, cuts: chain.cuts};
  }

  /** Count and sum up what is held of a kind, as the comment of Holding says. */
  holding(kind) {
    let sum = 0n;
    for (const {id, version} of this.held[kind].values()) {
      sum += createHash('sha256').update(`${id}:${version}`).digest().readBigUInt64BE();
    }
    return {count: String(this.held[kind].size), checksum: String(BigInt.asUintN(64, sum))};
  }

  close() {
    this.client.close();
  }
}

module.exports = {Edge, explain, types};
