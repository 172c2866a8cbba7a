setTimeout(() => {}, 60000);
await new Promise(() => {});
export const handler = async () => {};
