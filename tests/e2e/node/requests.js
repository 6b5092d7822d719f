// Requests of docs/edge/requests: protobuf's JSON mapping with {{variables}}, one file a method.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const FOLDER = path.join(__dirname, '../../../docs/edge/requests');

// protobuf.js reads JSON objects, but not JSON's short forms of these two types.
const SHORT_FORMS = {
  'google.protobuf.Timestamp': (text) => ({
    seconds: String(Math.floor(Date.parse(text) / 1000)),
    nanos: (Date.parse(text) % 1000) * 1_000_000,
  }),
  'google.protobuf.FieldMask': (text) => ({
    paths: text.split(',').map((name) => name.replace(/[A-Z]/g, (one) => `_${one.toLowerCase()}`)),
  }),
};

/** Return a method's request with its variables filled in; an unknown variable is an error. */
function load(method, variables) {
  const text = fs.readFileSync(path.join(FOLDER, `${method}.json`), 'utf8');
  const filled = text.replace(/\{\{(\w+)\}\}/g, (_, name) => {
    if (!(name in variables)) throw new Error(`${method}.json needs {{${name}}}`);
    return JSON.stringify(String(variables[name])).slice(1, -1);
  });
  return JSON.parse(filled);
}

/** Return a JSON value of a message type as protobuf.js wants it. */
function toMessage(value, type, types) {
  const fields = new Map(types[type].type.field.map((field) => [field.name, field]));
  const message = {};
  for (const [name, given] of Object.entries(value)) {
    const field = fields.get(name);
    if (!field) throw new Error(`${type} has no field ${name}`);
    message[name] = Array.isArray(given)
      ? given.map((one) => fieldValue(one, field, type, types))
      : fieldValue(given, field, type, types);
  }
  return message;
}

function fieldValue(value, field, type, types) {
  if (field.type !== 'TYPE_MESSAGE') return value;
  const scope = type.slice(0, type.lastIndexOf('.') + 1);
  const name = field.typeName in types ? field.typeName : scope + field.typeName;
  if (name in SHORT_FORMS) return SHORT_FORMS[name](value);
  return toMessage(value, name, types);
}

module.exports = {load, toMessage};
