/** What the inspector says of a value; a preview of an object shows its data properties and runs nothing of the program. */
export interface RemoteObject {
  type: string;
  subtype?: string;
  className?: string;
  value?: unknown;
  unserializableValue?: string;
  description?: string;
  objectId?: string;
  preview?: ObjectPreview;
}

interface ObjectPreview {
  subtype?: string;
  description?: string;
  overflow: boolean;
  properties: PropertyPreview[];
  entries?: { key?: ObjectPreview; value: ObjectPreview }[];
  type: string;
}

interface PropertyPreview {
  name: string;
  type: string;
  value?: string;
  subtype?: string;
}

const MAX_TEXT = 120;

/** One line for a value: `"text"`, `42`, `Worker {id: 1}`, `[1, 2, …]`, `ƒ run`. */
export function previewOf(value: RemoteObject): string {
  switch (value.type) {
    case 'undefined':
      return 'undefined';
    case 'string':
      return shorten(JSON.stringify(value.value));
    case 'function':
      return functionName(value.description ?? '');
    case 'object':
      if (value.subtype === 'null') return 'null';
      return shorten(value.preview ? objectPreview(value.preview) : (value.description ?? 'Object'));
    default:
      return shorten(value.unserializableValue ?? value.description ?? String(value.value));
  }
}

function objectPreview(preview: ObjectPreview): string {
  const { description = 'Object', subtype } = preview;
  if (subtype === 'error') return description.split('\n')[0]!;
  if (subtype === 'regexp' || subtype === 'date') return description;
  const rest = preview.overflow ? ['…'] : [];
  if (preview.entries) {
    const entries = preview.entries.map(({ key, value }) => (key ? `${entryPreview(key)} => ${entryPreview(value)}` : entryPreview(value)));
    return `${description} {${[...entries, ...rest].join(', ')}}`;
  }
  if (subtype === 'array' || subtype === 'typedarray') {
    const items = preview.properties.map((property) => (/^\d+$/.test(property.name) ? propertyValue(property) : `${property.name}: ${propertyValue(property)}`));
    return `${subtype === 'array' && description.startsWith('Array(') ? '' : `${description} `}[${[...items, ...rest].join(', ')}]`;
  }
  const properties = preview.properties.map((property) => `${property.name}: ${propertyValue(property)}`);
  const body = `{${[...properties, ...rest].join(', ')}}`;
  return description === 'Object' ? body : `${description} ${body}`;
}

function entryPreview(preview: ObjectPreview): string {
  if (preview.type === 'string') return JSON.stringify(preview.description ?? '');
  return preview.type === 'function' ? 'ƒ' : (preview.description ?? preview.type);
}

function propertyValue(property: PropertyPreview): string {
  if (property.type === 'accessor') return '(getter)';
  if (property.type === 'function') return 'ƒ';
  if (property.type === 'string') return JSON.stringify(property.value ?? '');
  return property.value || property.subtype || property.type;
}

function functionName(description: string): string {
  if (/^class\b/.test(description)) return shorten(/^class(?:\s+[\w$]+)?/.exec(description)![0]);
  const name = /^(?:async\s+)?(?:function\s*\*?\s*|(?:get|set|static)\s+|\*\s*)*([\w$#]+)?\s*\(/.exec(description)?.[1];
  return name ? `ƒ ${name}` : 'ƒ';
}

function shorten(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}
