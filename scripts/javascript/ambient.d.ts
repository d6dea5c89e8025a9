// What the build brings and nothing here describes. The components are checked against each other
// and against React; a package is any.
declare module "@radix-ui/*";
declare module "@tanstack/*";
declare module "downshift";
declare module "react-dom";
declare module "echarts/*";
declare module "react-router";
declare module "$/*";
declare module "*.css";

interface ImportMeta {
  env?: Record<string, string>;
}
