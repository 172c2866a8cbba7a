require('left-pad-that-is-not-there');
exports.handler = async () => {};
