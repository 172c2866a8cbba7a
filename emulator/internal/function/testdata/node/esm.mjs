import path from 'node:path';

const loaded = await Promise.resolve('loaded');

export const handler = async () => path.join('esm', loaded);
