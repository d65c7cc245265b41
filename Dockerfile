# --- Build: the compiler and the sources stay behind in this stage -----------------------------------------------
FROM node:22-alpine AS build
WORKDIR /app
# The packages first, on their own: a change of the sources does not install them again.
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

# --- Runtime: owned by root, run by node, which may write to /data and nowhere else -------------------------------
FROM node:22-alpine
ENV NODE_ENV=production NODE_OPTIONS="--enable-source-maps --max-semi-space-size=64"
ENV HOST=0.0.0.0 PORT=3005 DATA_DIR=/data
WORKDIR /app
RUN mkdir /data && chown node:node /data
COPY package.json package-lock.json ./
COPY scripts ./scripts
COPY dashboard ./dashboard
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
VOLUME /data
# 9458: metrics, when MS_METRICS=true
EXPOSE 3005 9458
# Whether it is ready. Docker shows this and kills nobody; to Swarm, which does, give one that takes any answer.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HEALTH_CHECK_PORT || process.env.PORT || 3005}/health`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Exec form: node is process 1 and gets SIGTERM itself.
# Not admitted in NODE_OPTIONS; why, is told in scripts/lib/node-flags.mjs.
CMD ["node", "--enable-source-maps", "--min-semi-space-size=64", "--max-semi-space-size=64", "--no-allocation-site-pretenuring", "--heap-growing-percent=200", "dist/main.js"]
