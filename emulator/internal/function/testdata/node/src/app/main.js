exports.handler = async () => require('../../index.js').nested.deep.handler();
