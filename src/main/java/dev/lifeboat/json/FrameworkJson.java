package dev.lifeboat.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.type.LogicalType;
import io.quarkus.jackson.ObjectMapperCustomizer;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Map;

/**
 * Makes the framework's JSON the same as all other, and stricter: it comes from outside and decides what is overwritten and removed.
 * A value of another type than its member's is refused, and so is a member that is there twice; nothing is guessed.
 */
@Singleton
public class FrameworkJson implements ObjectMapperCustomizer {
    private static final Map<LogicalType, List<CoercionInputShape>> GUESSED = Map.of(
            LogicalType.Boolean,
            List.of(
                    CoercionInputShape.String,
                    CoercionInputShape.EmptyString,
                    CoercionInputShape.Integer,
                    CoercionInputShape.Float),
            LogicalType.Integer,
            List.of(
                    CoercionInputShape.String,
                    CoercionInputShape.EmptyString,
                    CoercionInputShape.Boolean,
                    CoercionInputShape.Float),
            LogicalType.Textual,
            List.of(CoercionInputShape.Boolean, CoercionInputShape.Integer, CoercionInputShape.Float),
            LogicalType.Enum,
            List.of(CoercionInputShape.EmptyString, CoercionInputShape.Integer));

    @Override
    public void customize(ObjectMapper mapper) {
        Json.configure(mapper)
                .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
                .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
                .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT);
        GUESSED.forEach((type, shapes) ->
                shapes.forEach(shape -> mapper.coercionConfigFor(type).setCoercion(shape, CoercionAction.Fail)));
    }
}
