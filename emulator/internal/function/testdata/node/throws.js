throw new TypeError('at load');
