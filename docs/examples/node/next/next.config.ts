// region config
export default {
  serverExternalPackages: ['@nova-sonic/node'], // it has a native part: Next must not bundle it
};
// endregion config
