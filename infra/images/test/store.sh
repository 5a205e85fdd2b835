#!/bin/bash
exec java -Xmx256m -cp '/opt/store/*' "-Ds3proxy.endpoint=$S3PROXY_ENDPOINT" "-Ds3proxy.authorization=$S3PROXY_AUTHORIZATION" \
  "-Ds3proxy.identity=$S3PROXY_IDENTITY" "-Ds3proxy.credential=$S3PROXY_CREDENTIAL" "-Djclouds.provider=$JCLOUDS_PROVIDER" \
  "-Djclouds.filesystem.basedir=$JCLOUDS_FILESYSTEM_BASEDIR" org.gaul.s3proxy.Main --properties /dev/null
