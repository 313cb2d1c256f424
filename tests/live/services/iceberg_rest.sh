# iceberg_rest.sh: a REST catalog of the Iceberg project's own parts: a catalog in SQLite behind the servlet that its tests
# use, tables in the bucket of minio, or in a folder when WEIR_WAREHOUSE=file:///... is set. Its RESTCatalogServer would
# listen on all interfaces, so Jetty's XML puts the parts together instead (server.xml, made at every start); no Java is
# compiled. It asks nobody for a password, and hands out no credentials for the tables.
ICEBERG_VERSION=1.10.1

iceberg_rest_port() { echo "$WEIR_ICEBERG_REST_PORT"; }
iceberg_rest_env() { echo "export WEIR_TEST_ICEBERG_REST=http://127.0.0.1:$WEIR_ICEBERG_REST_PORT"; }
iceberg_rest_ready() { curl -sf -m 2 -o /dev/null "http://127.0.0.1:$WEIR_ICEBERG_REST_PORT/v1/config"; }

iceberg_rest_install() {
    need curl curl
    need_java
    maven_libs iceberg-rest \
        "org.apache.iceberg:iceberg-core:$ICEBERG_VERSION" \
        "org.apache.iceberg:iceberg-core:$ICEBERG_VERSION:tests" \
        "org.apache.iceberg:iceberg-aws:$ICEBERG_VERSION" \
        "org.apache.iceberg:iceberg-aws-bundle:$ICEBERG_VERSION" \
        org.xerial:sqlite-jdbc:3.47.1.0 \
        org.eclipse.jetty:jetty-server:11.0.24 org.eclipse.jetty:jetty-servlet:11.0.24 \
        org.eclipse.jetty:jetty-xml:11.0.24 \
        org.apache.hadoop:hadoop-client-api:3.3.6 org.apache.hadoop:hadoop-client-runtime:3.3.6 \
        org.slf4j:slf4j-simple:2.0.13
}

iceberg_rest_entry() { printf '    <Put name="%s">%s</Put>\n' "$1" "$2"; }

iceberg_rest_properties() { # run folder
    local warehouse="${WEIR_WAREHOUSE:-s3://$WEIR_WAREHOUSE_BUCKET/rest}"
    iceberg_rest_entry catalog-impl org.apache.iceberg.jdbc.JdbcCatalog
    iceberg_rest_entry uri "jdbc:sqlite:file:$1/data/catalog.db"
    iceberg_rest_entry jdbc.schema-version V1
    # One connection: JdbcCatalog (1.10.1) leaves a query open when it starts and finds its tables there, and until the
    # garbage collector comes by, a second connection would find SQLite locked by it.
    iceberg_rest_entry clients 1
    iceberg_rest_entry warehouse "$warehouse"
    case $warehouse in
    s3:*)
        iceberg_rest_entry io-impl org.apache.iceberg.aws.s3.S3FileIO
        iceberg_rest_entry s3.endpoint "$(minio_url)"
        iceberg_rest_entry s3.path-style-access true
        iceberg_rest_entry s3.access-key-id "$WEIR_MINIO_USER"
        iceberg_rest_entry s3.secret-access-key "$WEIR_MINIO_PASSWORD"
        iceberg_rest_entry client.region us-east-1
        ;;
    esac
}

iceberg_rest_xml() { # run folder
    cat <<X
<?xml version="1.0"?>
<!DOCTYPE Configure PUBLIC "-//Jetty//Configure//EN" "https://www.eclipse.org/jetty/configure_10_0.dtd">
<Configure id="server" class="org.eclipse.jetty.server.Server">
  <New id="properties" class="java.util.HashMap">
$(iceberg_rest_properties "$1")
  </New>
  <Call id="catalog" class="org.apache.iceberg.CatalogUtil" name="buildIcebergCatalog">
    <Arg>weir</Arg>
    <Arg><Ref refid="properties"/></Arg>
    <Arg><New class="org.apache.hadoop.conf.Configuration"/></Arg>
  </Call>
  <Call name="addConnector"><Arg>
    <New class="org.eclipse.jetty.server.ServerConnector">
      <Arg name="server"><Ref refid="server"/></Arg>
      <Set name="host">127.0.0.1</Set>
      <Set name="port">$WEIR_ICEBERG_REST_PORT</Set>
    </New>
  </Arg></Call>
  <Set name="handler">
    <New class="org.eclipse.jetty.servlet.ServletContextHandler">
      <Set name="contextPath">/</Set>
      <Call name="addServlet">
        <Arg><New class="org.eclipse.jetty.servlet.ServletHolder">
          <Arg><New class="org.apache.iceberg.rest.RESTCatalogServlet">
            <Arg><New class="org.apache.iceberg.rest.RESTCatalogAdapter">
              <Arg><Ref refid="catalog"/></Arg>
            </New></Arg>
          </New></Arg>
        </New></Arg>
        <Arg>/*</Arg>
      </Call>
    </New>
  </Set>
</Configure>
X
}

iceberg_rest_start() { # run folder
    iceberg_rest_xml "$1" >"$1/server.xml"
    exec java -Xmx"$WEIR_ICEBERG_REST_HEAP" -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
        -cp "$WEIR_CACHE/maven/iceberg-rest/libs/*" org.eclipse.jetty.xml.XmlConfiguration "$1/server.xml"
}
